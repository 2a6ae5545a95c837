// node-oidc-provider at the gateway's errand: client_credentials, tls_client_auth, certificate-bound tokens.
//
//     node server.mjs SETTINGS.json      prints "ready" once it listens, on loopback
//
// Its in-memory adapter keeps the tokens; there is no database and no record. A connection's certificate is read
// once, as ours is. Two formats: "opaque" is what client_credentials gives by default, "jwt" is signed with ES256.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

import Provider from 'oidc-provider';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const origin = `https://127.0.0.1:${settings.port}`;
const signingKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const peers = new WeakMap();

function peerOf({ socket }) {
  let peer = peers.get(socket);
  if (peer === undefined) {
    const certificate = socket.getPeerX509Certificate();
    // One attribute per line, the outermost first; RFC 4514 begins with the innermost.
    peer = { certificate, subject: certificate.subject.split('\n').reverse().join(',') };
    peers.set(socket, peer);
  }
  return peer;
}

const provider = new Provider(origin, {
  clients: [
    {
      client_id: settings.client_id,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: settings.scope,
      id_token_signed_response_alg: 'ES256',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: settings.subject,
      tls_client_certificate_bound_access_tokens: true,
    },
  ],
  clientAuthMethods: ['tls_client_auth'],
  jwks: { keys: [{ ...signingKey, alg: 'ES256', use: 'sig', kid: 'bench' }] },
  scopes: [settings.scope],
  ttl: { ClientCredentials: 300 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      tlsClientAuth: true,
      getCertificate: (ctx) => peerOf(ctx).certificate,
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_subject_dn' && peerOf(ctx).subject === expected,
    },
    // A signed token needs an audience; an opaque one has none here, and no look-up for it.
    resourceIndicators: {
      enabled: settings.format === 'jwt',
      defaultResource: () => origin,
      getResourceServerInfo: () => ({
        scope: settings.scope,
        audience: origin,
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});

createServer(
  {
    cert: readFileSync(settings.certificate),
    key: readFileSync(settings.key),
    ca: readFileSync(settings.client_authority),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  },
  provider.callback(),
).listen(settings.port, '127.0.0.1', () => console.log('ready'));
