// The far end of every measurement, in one process of another make: HTTP/2 in the shape of CIC,
// the same HTTP/2 behind a counter of RST_STREAM frames, and plain TLS.
// Arguments: certificate and key (PEM files). Says its ports in one line of JSON; ends with its stdin.
'use strict';
const { readFileSync } = require('node:fs');
const http2 = require('node:http2');
const { Duplex } = require('node:stream');
const tls = require('node:tls');

const identity = { cert: readFileSync(process.argv[2]), key: readFileSync(process.argv[3]) };
const BOUNDARY = 'boundary-of-the-server-0123456789';
const MULTIPART = { ':status': 200, 'content-type': `multipart/related; boundary=${BOUNDARY}` };
const JSON_PART = '\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n';
const SOUND_PART = '\r\nContent-Type: application/octet-stream\r\nContent-ID: <sound>\r\n\r\n';
const OPEN = `--${BOUNDARY}`;
const NEXT = `\r\n--${BOUNDARY}`;
const CLOSE = '--\r\n';
const WORDS = 'a plain answer of a few words, '.repeat(5);
// httpx sends one request at a time to a server that leaves this setting out.
const settings = { maxConcurrentStreams: 100 };
const counted = { requests: 0, resets: 0 };

// CLOCK_MONOTONIC in nanoseconds, as Python's monotonic_ns, always as wide.
const now = () => process.hrtime.bigint().toString().padStart(20, '0');

// A directive's part up to the delimiter behind it, so that it is complete for its reader.
function part(name, payload, dialog) {
  const header = { namespace: 'Bench', name, messageId: '00000000-0000-4000-8000-000000000000' };
  if (dialog) [header.namespace, header.dialogRequestId] = ['SpeechRecognizer', dialog];
  return JSON_PART + JSON.stringify({ directive: { header, payload } }) + NEXT;
}

const ANSWER = Buffer.from(OPEN + part('First', { text: WORDS }) + part('Second', { text: WORDS }) + CLOSE);
const push = () => part('Pushed', { sent: now(), text: WORDS });

function every(interval, count, act) {
  const timer = setInterval(() => (count-- > 0 ? act() : clearInterval(timer)), interval);
}

function downchannel(stream) {
  stream.respond(MULTIPART);
  const hello = { directive: { header: { namespace: 'Clova', name: 'Hello' }, payload: {} } };
  stream.write(OPEN + JSON_PART + JSON.stringify(hello) + NEXT);
  stream.session.downchannel = stream;
}

// What an event asks for stands in its name and its payload.
const answers = {
  Echo(stream) {
    stream.respond(MULTIPART);
    stream.end(ANSWER);
  },
  Count(stream) {
    stream.respond(MULTIPART);
    stream.end(OPEN + part('Counted', counted) + CLOSE);
  },
  Push(stream, { interval, count }) {
    stream.respond({ ':status': 204 }, { endStream: true });
    const { downchannel } = stream.session;
    every(interval, count, () => downchannel.write(push()));
  },
  // The sound's part has no end: its reader gets the first bytes at once or never.
  Sound(stream, { delay }) {
    stream.respond(MULTIPART);
    stream.write(OPEN + part('Speak', {}));
    setTimeout(() => stream.write(SOUND_PART + now() + 'x'.repeat(1000)), delay);
  },
  Big(stream, { size }) {
    stream.respond(MULTIPART);
    stream.end(Buffer.concat([Buffer.from(OPEN + SOUND_PART), Buffer.alloc(size), Buffer.from(NEXT + CLOSE)]));
  },
};
// A spoken command is answered like any event; one that wants it hears StopCapture first.
answers.Recognize = answers.Echo;

function readEvent(body) {
  const begin = body.indexOf('{');
  const end = body.indexOf(NEXT.slice(0, 4), begin);
  return end < 0 ? null : JSON.parse(body.subarray(begin, end)).event;
}

function event(stream) {
  counted.requests += 1;
  const { session } = stream;
  let chunks = [];
  let asked = null;
  let received = 0;
  let stopped = false;
  stream.on('data', (chunk) => {
    received += chunk.length;
    if (!asked) {
      chunks.push(chunk);
      asked = readEvent(Buffer.concat(chunks));
      return;
    }
    const { initiator } = asked.payload;
    if (!stopped && initiator?.payload.deviceUUID === 'capture' && received > 12800) {
      stopped = true;
      session.downchannel.write(part('StopCapture', {}, asked.header.dialogRequestId));
    }
  });
  stream.on('end', () => asked && !stream.destroyed && answers[asked.header.name](stream, asked.payload));
  stream.on('error', () => {});
}

function serve(stream, headers) {
  const path = headers[':path'];
  if (path === '/v1/events') event(stream);
  else if (path === '/v1/directives') downchannel(stream);
  else {
    stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
    stream.end(Buffer.alloc(Number(path.slice(path.lastIndexOf('/') + 1))));
  }
  stream.on('error', () => {});
}

// Counts the RST_STREAM frames (RFC 9113, 6.4) in what a client sends, however it is cut.
function resetCounter() {
  let skip = 24; // the preface
  let head = Buffer.alloc(0);
  return (data) => {
    while (data.length) {
      if (skip) {
        const size = Math.min(skip, data.length);
        skip -= size;
        data = data.subarray(size);
        continue;
      }
      const need = 9 - head.length;
      head = Buffer.concat([head, data.subarray(0, need)]);
      data = data.subarray(need);
      if (head.length === 9) {
        if (head[3] === 3) counted.resets += 1;
        skip = head.readUIntBE(0, 3);
        head = Buffer.alloc(0);
      }
    }
  };
}

function tapped(socket) {
  const count = resetCounter();
  const tap = new Duplex({
    read: () => socket.resume(),
    write: (chunk, _, done) => socket.write(chunk, done),
    final: (done) => socket.end(done),
  });
  socket.on('data', (chunk) => { count(chunk); if (!tap.push(chunk)) socket.pause(); });
  socket.on('end', () => tap.push(null));
  socket.on('error', () => tap.destroy());
  return tap;
}

// Plain TLS: each line of JSON asks for `up` bytes to be read and then an answer, or for pushes.
function plain(socket) {
  let left = 0;
  let line = '';
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (data) => {
    while (data.length) {
      if (left) {
        const size = Math.min(left, data.length);
        left -= size;
        data = data.subarray(size);
        if (!left) socket.write(ANSWER);
        continue;
      }
      const end = data.indexOf('\n');
      line += data.subarray(0, end < 0 ? data.length : end);
      data = data.subarray(end < 0 ? data.length : end + 1);
      if (end < 0) continue;
      const { up = 0, interval, count = 0 } = JSON.parse(line);
      [left, line] = [up, ''];
      if (count) every(interval, count, () => socket.write(push()));
    }
  });
}

const main = http2.createSecureServer({ ...identity, settings }).on('stream', serve);
const behindTap = http2.createServer({ settings }).on('stream', serve);
const counting = tls.createServer({ ...identity, ALPNProtocols: ['h2'] }, (socket) =>
  behindTap.emit('connection', tapped(socket)));
const raw = tls.createServer(identity, plain);
for (const server of [main, behindTap]) server.on('sessionError', () => {});

const listening = (server) => new Promise((done) => {
  server.listen(0, '127.0.0.1', () => done(server.address().port));
});
Promise.all([main, counting, raw].map(listening)).then(([http, counter, bare]) => {
  const sizes = { answer_bytes: ANSWER.length, push_bytes: push().length };
  console.log(JSON.stringify({ http_port: http, counting_port: counter, raw_port: bare, ...sizes }));
});
process.stdin.on('end', () => process.exit(0)).resume();
