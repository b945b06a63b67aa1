// What programs built on ioredis do with a server. Prints a transcript. Run by spec/server/node_spec.lua.
//
//   node ioredis.js PORT

'use strict';

const Redis = require('ioredis');
const { show, run, until } = require('./transcript');

const port = Number(process.argv[2]);
const connect = (options) => new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: 3, ...options });
let redis;

async function values() {
  await show('set', redis.set('foo', 'bar'));
  await show('get', redis.get('foo'));
  await show('nothing', redis.get('nothing'));
  await show('options', redis.set('foo', 'baz', 'EX', 100, 'NX'));
  await show('previous', redis.set('foo', 'baz', 'KEEPTTL', 'GET'));
  await show('buffer', redis.set(Buffer.from('b\0\xff', 'latin1'), Buffer.from([0, 255, 13, 10])));
  await show('buffer back', redis.getBuffer(Buffer.from('b\0\xff', 'latin1')));
  await show('mset', redis.mset(new Map([['a', 1], ['b', 2]])));
  await show('mget', redis.mget('a', 'b', 'c'));
  await show('incr', redis.incrbyfloat('a', 0.5));
  await show('error', redis.incr('foo'));
  await show('no command', redis.call('NOSUCH', 'x'));
  await show('bits', redis.bitfield('bits', 'SET', 'u8', '#1', 200, 'INCRBY', 'i5', 100, 1, 'GET', 'u4', 0));
  await show('expiry', redis.pexpireat('a', 4102444800000));
  await show('expiretime', redis.expiretime('a'));
}

async function collections() {
  await show('hset', redis.hset('h', { name: 'ann', age: 30 }));
  await show('hgetall', redis.hgetall('h'));
  await show('hgetall of nothing', redis.hgetall('none'));
  await show('hincrbyfloat', redis.hincrbyfloat('h', 'age', 1.5));
  await show('lists', redis.rpush('l', 'a', 'b', 'c', 'b'));
  await show('lpos', redis.lpos('l', 'b', 'COUNT', 0));
  await show('lmove', redis.lmove('l', 'm', 'LEFT', 'RIGHT'));
  await show('lmpop', redis.lmpop(2, 'none', 'l', 'RIGHT', 'COUNT', 2));
  await show('sadd', redis.sadd('s1', ...Array.from({ length: 10 }, (_, i) => i)));
  await show('sinter', redis.sadd('s2', 3, 4, 50));
  await show('sintercard', redis.sintercard(2, 's1', 's2', 'LIMIT', 1));
  await show('sinter', redis.sinter('s1', 's2').then((l) => l.sort()));
  await show('smismember', redis.smismember('s1', 3, 50));
  await show('zadd', redis.zadd('z', 1, 'one', 2, 'two', '+inf', 'top'));
  await show('zrange', redis.zrange('z', 0, -1, 'WITHSCORES'));
  await show('zrange by score', redis.zrange('z', '(1', '+inf', 'BYSCORE', 'LIMIT', 0, 1));
  await show('zrangestore', redis.zrangestore('z2', 'z', 0, 1, 'REV'));
  await show('zunion', redis.zunion(2, 'z', 'z2', 'WEIGHTS', 1, 10, 'WITHSCORES'));
  await show('zpopmax', redis.zpopmax('z'));
  await show('zmscore', redis.zmscore('z', 'one', 'none'));
  await show('sort', redis.sort('m', 'ALPHA', 'DESC'));
  for (const key of ['h', 'm', 's1', 's2', 'z']) await show('encoding of ' + key, redis.object('ENCODING', key));
}

async function pipelines() {
  await show('pipeline', redis.pipeline().set('p', 1).incr('p').lpush('p', 1).get('none').exec());
  await show('long', redis.pipeline(Array.from({ length: 5000 }, (_, i) => ['set', 'p' + i, i])).exec()
    .then((replies) => replies.filter(([error, reply]) => !error && reply === 'OK').length));
  await show('multi', redis.multi().set('t', 1).incr('t').get('t').exec());
  await show('multi with an error', redis.multi().set('t', 'x').incr('t').get('t').exec());
  await show('multi that is none', redis.multi().set('t', 'y').set('t').exec());
  await redis.multi({ pipeline: false });
  await show('queued', redis.set('t', 'z'));
  await show('exec', redis.exec());
  const other = connect();
  await redis.watch('t');
  await other.set('t', 'other');
  await show('watched', redis.multi().set('t', 'mine').exec());
  await redis.watch('t');
  await show('unwatched', redis.multi().get('t').exec());
  other.disconnect();
}

async function autopipelining() {
  const auto = connect({ enableAutoPipelining: true });
  await show('all at once', Promise.all(Array.from({ length: 200 }, (_, i) => auto.incr('auto' + (i % 3)))));
  await show('rejected alone', Promise.allSettled([auto.get('auto0'), auto.lpush('auto0', 1), auto.get('auto1')])
    .then((list) => list.map((r) => r.value ?? r.reason.message)));
  auto.disconnect();
}

async function messages() {
  const sub = connect();
  const seen = [];
  sub.on('message', (channel, text) => seen.push(['message', channel, text]));
  sub.on('pmessage', (pattern, channel, text) => seen.push(['pmessage', pattern, channel, text]));
  sub.on('smessage', (channel, text) => seen.push(['smessage', channel, text]));
  await show('subscribe', sub.subscribe('news', 'sport'));
  await show('psubscribe', sub.psubscribe('n*'));
  await show('ssubscribe', sub.ssubscribe('shard'));
  await show('publish', redis.publish('news', 'hello'));
  await show('publish', redis.publish('sport', Buffer.from('x')));
  await show('spublish', redis.spublish('shard', 'there'));
  await until(() => seen.length === 4);
  await show('messages', seen);
  await show('numsub', redis.pubsub('NUMSUB', 'news', 'other'));
  await show('refused', sub.get('foo'));
  await show('unsubscribe', sub.unsubscribe('news', 'sport'));
  await show('punsubscribe', sub.punsubscribe('n*'));
  await show('sunsubscribe', sub.sunsubscribe('shard'));
  await show('usable again', sub.get('foo'));
  await redis.config('SET', 'notify-keyspace-events', 'KEA');
  await sub.psubscribe('__key*__:*');
  seen.length = 0;
  await redis.set('noted', 1);
  await redis.del('noted');
  await until(() => seen.length === 4);
  await show('events', seen);
  await redis.config('SET', 'notify-keyspace-events', '');
  sub.disconnect();
}

async function streams() {
  const worker = connect();
  await show('xadd', redis.xadd('st', '1-1', 'f', 'v'));
  const reading = worker.xread('BLOCK', 0, 'STREAMS', 'st', '$');
  await until(async () => /blocked_clients:1/.test(await redis.info('clients')));
  await redis.xadd('st', '2-1', 'f', 'w', 'g', 'x');
  await show('xread', reading);
  await show('nothing in time', worker.xread('BLOCK', 1, 'STREAMS', 'st', '$'));
  await show('xgroup', redis.xgroup('CREATE', 'st', 'workers', '0'));
  await show('again', redis.xgroup('CREATE', 'st', 'workers', '0'));
  await show('xreadgroup', worker.xreadgroup('GROUP', 'workers', 'w1', 'COUNT', 1, 'STREAMS', 'st', '>'));
  await show('xpending', redis.xpending('st', 'workers'));
  await show('xautoclaim', redis.xautoclaim('st', 'workers', 'w2', 0, '0', 'COUNT', 10));
  await show('xack', redis.xack('st', 'workers', '1-1', '9-9'));
  const next = worker.xreadgroup('GROUP', 'workers', 'w1', 'BLOCK', 0, 'STREAMS', 'st', '>');
  await show('at once', next);
  const later = worker.xreadgroup('GROUP', 'workers', 'w1', 'BLOCK', 0, 'STREAMS', 'st', '>');
  await until(async () => /blocked_clients:1/.test(await redis.info('clients')));
  await redis.xadd('st', 'MAXLEN', '~', 1000, '3-*', 'f', 'y');
  await show('later', later);
  await show('xrange', redis.xrange('st', '-', '+', 'COUNT', 2));
  await show('xinfo', redis.xinfo('STREAM', 'st'));
  worker.disconnect();
}

async function blocking() {
  const worker = connect();
  const popped = worker.blpop('jobs', 'more', 0);
  const asleep = async () => /blocked_clients:1/.test(await redis.info('clients'));
  await until(asleep);
  await show('rpush', redis.rpush('more', 'job 1', 'job 2'));
  await show('blpop', popped);
  const best = worker.bzpopmin('zjobs', 0);
  await until(asleep);
  await redis.multi().zadd('zjobs', 5, 'five').zadd('zjobs', 1, 'one').exec();
  await show('bzpopmin', best);
  await show('in vain', worker.brpop('nothing', 0.01));
  worker.disconnect();
}

// all that a stream of pages brings, sorted
async function all(stream) {
  const found = [];
  for await (const page of stream) found.push(...page);
  return [...new Set(found)].sort();
}

async function scans() {
  await show('scanStream', all(redis.scanStream({ match: 'p1?', count: 100 })));
  await show('type', all(redis.scanStream({ type: 'zset' })));
  await show('count', all(redis.scanStream({ match: 'p*' })).then((keys) => keys.length));
  await redis.hset('big', Object.fromEntries(Array.from({ length: 600 }, (_, i) => ['f' + i, i])));
  await show('hscanStream', all(redis.hscanStream('big', { match: 'f10*' })));
  await show('sscanStream', all(redis.sscanStream('s1')));
  await show('zscanStream', all(redis.zscanStream('z')));
}

async function connections() {
  const named = connect({ connectionName: 'worker', db: 3, keyPrefix: 'app:', lazyConnect: true });
  await named.connect();
  await show('prefix', named.set('k', 'v'));
  await show('name', named.client('GETNAME'));
  await show('database', redis.select(3));
  await show('seen', redis.get('app:k'));
  await redis.select(0);
  await show('killed', redis.client('KILL', 'ID', await named.client('ID')));
  await show('back again, in its database', named.get('k'));
  await show('quit', named.quit());
  await show('closed', named.get('k'));
  const wrong = connect({ password: 'x' });
  wrong.on('error', () => {});
  await show('no password is set', wrong.ping());
  wrong.disconnect();
}

async function main() {
  redis = connect();
  await redis.flushall();
  await run([values, collections, pipelines, autopipelining, messages, streams, blocking, scans, connections]);
  redis.disconnect();
}

main();
