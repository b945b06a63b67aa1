// What the programs here share: a transcript of what a client was told, printed line by line, so that the same program
// can be run against two servers and what it printed compared. Nothing that differs from run to run belongs in it.

'use strict';

function plain(value) {
  if (Buffer.isBuffer(value)) return { hex: value.toString('hex') };
  if (value instanceof Error) return { error: value.message };
  if (value instanceof Map) return { map: [...value].map(([k, v]) => [plain(k), plain(v)]) };
  if (value instanceof Set) return { set: [...value].map(plain).sort() };
  if (typeof value === 'bigint') return { bigint: value.toString() };
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  if (value === undefined) return { undefined: true };
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  }
  return value;
}

// what: a promise, or a value; its failure is part of the transcript
async function show(name, what) {
  let result;
  try {
    result = await what;
  } catch (error) {
    result = error;
  }
  console.log(name + ': ' + JSON.stringify(plain(result)));
  return result;
}

// Runs `section` by `section`; a section that takes too long ends the program.
async function run(sections) {
  const limit = setTimeout(() => {
    console.log('not in time');
    process.exit(2);
  }, 50000);
  for (const section of sections) {
    console.log('-- ' + section.name);
    await section();
  }
  clearTimeout(limit);
  console.log('ok');
}

// Asks until the answer is true.
async function until(ask) {
  while (!(await ask())) await new Promise((resolve) => setTimeout(resolve, 2));
}

module.exports = { show, run, until };
