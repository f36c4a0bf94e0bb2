// An HTTP/2 server on Node's own implementation (nghttp2): an independent second opinion.
// usage: node node_peer.js <certificate> <key> [JSON of http2 settings]
// Prints its port on one line. Ends when its standard input ends.
'use strict';

const http2 = require('node:http2');
const fs = require('node:fs');

const [certificate, key, settings] = process.argv.slice(2);
const server = http2.createSecureServer({
  cert: fs.readFileSync(certificate),
  key: fs.readFileSync(key),
  settings: JSON.parse(settings || '{}'),
  maxSendHeaderBlockLength: 4 * 1024 * 1024,
});

const counts = { resets: {}, pings: 0 };

function number(url, name, otherwise) {
  return Number(url.searchParams.get(name) ?? otherwise);
}

const routes = {
  // Sends back what arrives, while it arrives.
  '/echo'(stream) {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  },
  // Reads everything, then says how much.
  '/sink'(stream) {
    let size = 0;
    stream.on('data', (chunk) => { size += chunk.length; });
    stream.on('end', () => { stream.respond({ ':status': 200 }); stream.end(String(size)); });
  },
  '/bytes'(stream, url) {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(number(url, 'size', 0), 'x'));
  },
  // Sends size bytes in pieces, with real back-pressure.
  '/stream'(stream, url) {
    let left = number(url, 'size', 0);
    const piece = Buffer.alloc(64 * 1024, 'y');
    const more = () => {
      while (left > 0) {
        const part = piece.subarray(0, Math.min(left, piece.length));
        left -= part.length;
        if (!stream.write(part)) { stream.once('drain', more); return; }
      }
      stream.end();
    };
    stream.respond({ ':status': 200 });
    more();
  },
  '/early'(stream) {
    stream.respond({ ':status': 403 });
    stream.end('no');
  },
  '/early-reset'(stream) {
    stream.respond({ ':status': 200 });
    stream.end('enough');
    stream.once('finish', () => stream.close(http2.constants.NGHTTP2_NO_ERROR));
  },
  // Answers, and keeps both halves open.
  '/open'(stream) {
    stream.respond({ ':status': 200 });
    stream.write('open');
    stream.on('data', () => {});
  },
  '/empty'(stream) {
    stream.respond({ ':status': 204 }, { endStream: true });
  },
  '/informed'(stream) {
    stream.additionalHeaders({ ':status': 103, link: '</x>' });
    stream.respond({ ':status': 200, 'X-Name': 'Value' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': 'yes' }));
    stream.end('body');
  },
  '/goaway'(stream, url) {
    stream.session.goaway(number(url, 'code', 0), number(url, 'last', stream.id));
    stream.respond({ ':status': 200 });
    stream.write('before');
    stream.resume();
    stream.on('end', () => stream.end('after'));
  },
  '/settings'(stream, url) {
    const wanted = {};
    for (const [name, value] of url.searchParams) wanted[name] = Number(value);
    stream.session.settings(wanted, () => {
      if (stream.destroyed) return;
      stream.respond({ ':status': 204 }, { endStream: true });
    });
  },
  '/ping'(stream) {
    stream.session.ping(Buffer.from('nodepeer'), (error, duration, payload) => {
      stream.respond({ ':status': 200 });
      stream.end(error ? 'lost' : payload.toString());
    });
  },
  '/vanish'(stream) {
    stream.respond({ ':status': 200 });
    stream.write('half an ans', () => setImmediate(() => stream.session.socket.destroy()));
  },
  '/bomb'(stream, url) {
    const fields = { ':status': 200 };
    for (let i = 0; i < number(url, 'fields', 100); i += 1) fields[`x-${i}`] = 'z'.repeat(1000);
    stream.respond(fields, { endStream: true });
  },
  '/counts'(stream) {
    stream.respond({ ':status': 200 });
    stream.end(JSON.stringify(counts));
  },
};

server.on('session', (session) => {
  session.on('ping', () => { counts.pings += 1; });
  session.on('error', () => {});
});
server.on('sessionError', () => {});
server.on('stream', (stream, headers) => {
  const url = new URL(headers[':path'], 'https://localhost');
  stream.on('error', () => {});
  stream.on('close', () => {
    const code = stream.rstCode;
    if (code || stream.aborted) {
      const codes = counts.resets[url.pathname] ??= [];
      codes.push(code);
    }
  });
  const route = routes[url.pathname];
  if (route) route(stream, url);
  else stream.respond({ ':status': 404 }, { endStream: true });
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
