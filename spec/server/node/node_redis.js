// What programs built on node-redis (npm: redis) do with a server. Prints a transcript. Run by
// spec/server/node_spec.lua.
//
//   node node_redis.js PORT RESP       RESP: 2 or 3

'use strict';

const { createClient, createClientPool, RESP_TYPES, WatchError } = require('redis');
const { show, run, until } = require('./transcript');

const options = { url: 'redis://127.0.0.1:' + process.argv[2], RESP: Number(process.argv[3]), unstableResp3: true };
let client;

async function connect(more) {
  const made = createClient({ ...options, ...more });
  made.on('error', () => {});
  await made.connect();
  return made;
}

async function values() {
  await show('set', client.set('foo', 'bar', { expiration: { type: 'EX', value: 100 }, condition: 'NX' }));
  await show('set again', client.set('foo', 'baz', { condition: 'NX' }));
  await show('get', client.get('foo'));
  await show('getEx', client.getEx('foo', { type: 'PERSIST' }));
  await show('ttl', client.ttl('foo'));
  await show('nothing', client.get('nothing'));
  await show('mSet', client.mSet({ a: '1', b: '2' }));
  await show('mGet', client.mGet(['a', 'b', 'c']));
  await show('incrByFloat', client.incrByFloat('a', 0.25));
  await show('error', client.incr('foo'));
  await show('sendCommand', client.sendCommand(['ECHO', 'hello']));
  await show('no command', client.sendCommand(['NOSUCH']));
  const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  await show('buffer', buffers.set('bytes', Buffer.from([0, 255, 13, 10])));
  await show('buffer back', buffers.get('bytes'));
  await show('bits', client.bitCount('bytes', { start: 0, end: 1 }));
  await show('lcs', client.mSet({ x: 'ohmytext', y: 'mynewtext' }).then(() => client.lcsIdx('x', 'y')));
}

async function collections() {
  await show('hSet', client.hSet('h', { name: 'ann', age: '30' }));
  await show('hGetAll', client.hGetAll('h'));
  await show('map', client.withTypeMapping({ [RESP_TYPES.MAP]: Map }).hGetAll('h'));
  await show('hRandFieldCount', client.hRandFieldCountWithValues('h', 5));
  await show('rPush', client.rPush('l', ['a', 'b', 'c', 'b']));
  await show('lPosCount', client.lPosCount('l', 'b', 0));
  await show('lMove', client.lMove('l', 'm', 'LEFT', 'RIGHT'));
  await show('lmPop', client.lmPop(['none', 'l'], 'RIGHT', { COUNT: 2 }));
  await show('sAdd', client.sAdd('s', ['1', '2', '3']));
  await show('sMembers', client.sMembers('s').then((l) => l.sort()));
  await show('set', client.withTypeMapping({ [RESP_TYPES.SET]: Set }).sMembers('s'));
  await show('sIsMember', client.sIsMember('s', '2'));
  await show('zAdd', client.zAdd('z', [{ score: 1.5, value: 'low' }, { score: Infinity, value: 'top' }]));
  await show('zScore', client.zScore('z', 'top'));
  await show('zRangeWithScores', client.zRangeWithScores('z', 0, -1));
  await show('zRandMember', client.zRandMemberCountWithScores('z', 5).then((l) => l.length));
  await show('zRank', client.zRank('z', 'top'));
  await show('zPopMin', client.zPopMin('z'));
  await show('zmPop', client.zmPop(['none', 'z'], 'MAX'));
  await show('zUnion', client.zAdd('z2', { score: 2, value: 'two' }).then(() => client.zUnionWithScores(['z', 'z2'])));
  await show('sort', client.sort('m', { ALPHA: true, DIRECTION: 'DESC' }));
  await show('type', client.type('h'));
  await show('copy', client.copy('h', 'h2'));
  const dump = await client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).dump('h');
  await show('restore', client.restore('h3', 0, dump));
  await show('restored', client.hGetAll('h3'));
}

async function transactions() {
  await show('multi', client.multi().set('t', '1').incr('t').get('t').hGetAll('h').exec());
  await show('typed', client.multi().sMembers('s').zScore('z2', 'two').exec());
  await show('pipeline', client.multi().set('t', '5').incr('t').execAsPipeline());
  await show('with an error', client.multi().set('t', 'x').incr('t').get('t').exec()
    .catch((error) => [error.constructor.name, error.replies, error.errorIndexes]));
  await show('refused', client.multi().set('t', 'y').addCommand(['GET']).exec());
  await show('pipelined by itself', Promise.all(Array.from({ length: 300 }, (_, i) => client.incr('n' + (i % 7)))));
  const isolated = await connect();
  await isolated.watch('t');
  await client.set('t', 'other');
  await show('watched', isolated.multi().set('t', 'mine').exec().catch((e) => e instanceof WatchError));
  await isolated.watch('t');
  await show('unwatched', isolated.multi().get('t').exec());
  isolated.destroy();
}

async function pools() {
  const pool = createClientPool(options, { minimum: 2, maximum: 4 });
  await pool.connect();
  await show('pool', Promise.all(Array.from({ length: 50 }, () => pool.incr('pooled'))).then((l) => l.length));
  await show('all counted', pool.get('pooled'));
  await show('execute', pool.execute(async (one) => {
    await one.watch('pooled');
    const seen = Number(await one.get('pooled'));
    return one.multi().set('pooled', String(seen + 1)).get('pooled').exec();
  }));
  await show('multi', pool.multi().get('pooled').exec());
  pool.destroy();
}

async function messages() {
  const sub = await connect();
  const seen = [];
  await sub.subscribe('news', (text, channel) => seen.push([channel, text]));
  await sub.pSubscribe('n*', (text, channel) => seen.push(['pattern', channel, text]));
  await sub.sSubscribe('shard', (text, channel) => seen.push(['shard', channel, text]));
  await sub.subscribe('raw', (bytes) => seen.push(bytes), true);
  await show('publish', client.publish('news', 'hello'));
  await show('sPublish', client.sPublish('shard', 'there'));
  await show('raw', client.publish('raw', Buffer.from([1, 2])));
  await until(() => seen.length === 4);
  await show('messages', seen);
  await show('channels', client.pubSubChannels().then((l) => l.sort()));
  await show('numsub', client.pubSubNumSub(['news', 'other']));
  await show('commands meanwhile', options.RESP === 3 ? sub.get('foo') : 'not in RESP2');
  await sub.unsubscribe('news');
  await show('nobody', client.publish('sport', 'x'));
  await sub.unsubscribe('raw');
  await sub.pUnsubscribe('n*');
  await sub.sUnsubscribe('shard');
  await show('usable again', sub.get('foo'));
  sub.destroy();
}

async function asleep() {
  return /blocked_clients:1/.test(await client.info('clients'));
}

async function streams() {
  const worker = await connect();
  await show('xAdd', client.xAdd('st', '1-1', { f: 'v' }));
  await show('xGroupCreate', client.xGroupCreate('st', 'workers', '0', { MKSTREAM: true }));
  await show('xReadGroup', worker.xReadGroup('workers', 'w1', { key: 'st', id: '>' }, { COUNT: 10 }));
  const later = worker.xReadGroup('workers', 'w1', { key: 'st', id: '>' }, { BLOCK: 0 });
  await until(asleep);
  await client.xAdd('st', '2-1', { f: 'w', g: 'x' });
  await show('later', later);
  await show('nothing in time', worker.xReadGroup('workers', 'w1', { key: 'st', id: '>' }, { BLOCK: 1 }));
  await show('xPending', client.xPending('st', 'workers'));
  await show('xClaim', client.xClaim('st', 'workers', 'w2', 0, '1-1'));
  await show('xAutoClaim', client.xAutoClaim('st', 'workers', 'w3', 0, '0'));
  await show('xAck', client.xAck('st', 'workers', ['1-1', '2-1']));
  await show('xRange', client.xRange('st', '-', '+'));
  await show('xRead', client.xRead([{ key: 'st', id: '1-1' }]));
  await show('xTrim', client.xTrim('st', 'MAXLEN', 1));
  await show('xInfoStream', client.xInfoStream('st'));
  await show('xInfoGroups', client.xInfoGroups('st'));
  worker.destroy();
}

async function blocking() {
  const worker = await connect();
  const popped = worker.blPop(['jobs', 'more'], 0);
  await until(asleep);
  await client.rPush('more', ['job 1', 'job 2']);
  await show('blPop', popped);
  const best = worker.bzmPop(0, ['zjobs'], 'MIN');
  await until(asleep);
  await client.zAdd('zjobs', [{ score: 5, value: 'five' }, { score: 1, value: 'one' }]);
  await show('bzmPop', best);
  await show('in vain', worker.blMove('nothing', 'm', 'LEFT', 'LEFT', 0.01));
  worker.destroy();
}

async function all(pages) {
  const found = [];
  for await (const page of pages) found.push(...page.map((one) => JSON.stringify(one)));
  return [...new Set(found)].sort();
}

async function scans() {
  await Promise.all(Array.from({ length: 1000 }, (_, i) => client.set('scan' + i, '')));
  await show('scanIterator', all(client.scanIterator({ MATCH: 'scan1?', COUNT: 50 })));
  await show('count', all(client.scanIterator({ MATCH: 'scan*', TYPE: 'string' })).then((l) => l.length));
  await client.hSet('big', Object.fromEntries(Array.from({ length: 600 }, (_, i) => ['f' + i, i])));
  await show('hScanIterator', all(client.hScanIterator('big', { MATCH: 'f10*' })));
  await show('sScanIterator', all(client.sScanIterator('s')));
  await show('zScanIterator', all(client.zScanIterator('z2')));
}

async function connections() {
  const named = await connect({ name: 'worker', database: 3 });
  await show('name', named.clientGetName());
  await named.set('k', 'in 3');
  await show('database', client.get('k'));
  await client.clientKill({ filter: 'ID', id: await named.clientId() });
  await until(() => named.get('k').then((value) => value === 'in 3', () => false)); // back again, in its database
  await show('duplicate', named.duplicate().connect().then(async (other) => {
    const value = await other.get('k');
    other.destroy();
    return value;
  }));
  await show('clientInfo', client.clientInfo().then((info) => [info.db, info.name, info.resp]));
  await show('configGet', client.configGet('maxmemory'));
  await show('role', client.role().then((is) => is.role));
  await show('memoryUsage', client.memoryUsage('big').then((bytes) => bytes > 0));
  await show('objectEncoding', client.objectEncoding('big'));
  await show('commandCount', client.commandGetKeys(['ZUNIONSTORE', 'd', '2', 'a', 'b']));
  await named.close();
  await show('closed', named.get('k'));
}

async function main() {
  client = await connect();
  await client.flushAll();
  await run([values, collections, transactions, pools, messages, streams, blocking, scans, connections]);
  client.destroy();
}

main();
