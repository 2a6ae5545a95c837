// What each client is told: a configuration as the suite reads it, the variant, whom to trust.
//
//     node CLIENT.mjs GRANT VARIANT CONFIGURATION AUTHORITY [REDIRECT_URI MODE]
//
// GRANT is client_credentials or authorization_code. In the second the client prints
// {"open": address} and reads from its input where the browser was led back to; MODE is unsigned,
// signed (JAR) or jarm (JAR and JARM).
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { importJWK } from 'jose'
import { Agent, fetch } from 'undici'

const [grant, variant, configurationFile, authorityFile, redirectUri, mode] = process.argv.slice(2)
const configuration = JSON.parse(readFileSync(configurationFile, 'utf8'))
const [proof, constraint] = variant.split('+')
const [jwk] = configuration.client.jwks.keys
const usesCertificate = proof === 'mtls' || constraint === 'mtls'

const dispatcher = new Agent({
  connect: {
    ca: readFileSync(authorityFile),
    minVersion: 'TLSv1.3',
    // A client that needs no certificate shows none.
    ...(usesCertificate && { cert: configuration.mtls.cert, key: configuration.mtls.key }),
  },
})

export const stage = {
  grant,
  proof,
  constraint,
  usesCertificate,
  issuer: new URL(new URL(configuration.server.discoveryUrl).origin),
  resource: new URL(configuration.resource.resourceUrl),
  redirectUri,
  signs: mode === 'signed' || mode === 'jarm',
  wantsJwt: mode === 'jarm',
  scope: configuration.client.scope,
  clientId: configuration.client.client_id,
  key: { key: await importJWK(jwk, jwk.alg), kid: jwk.kid },
  fetch: (url, options) => fetch(url, { ...options, dispatcher }),
}

export async function browse(address) {
  process.stdout.write(`${JSON.stringify({ open: String(address) })}\n`)
  const lines = createInterface({ input: process.stdin })
  const returned = await lines.question('')
  lines.close()
  return new URL(returned)
}

export async function finish(tokens, resource, renewed) {
  const told = {
    token_type: tokens.token_type,
    scope: tokens.scope,
    expires_in: tokens.expires_in,
    refresh_token: tokens.refresh_token !== undefined,
    renewed: renewed !== undefined && renewed.access_token !== tokens.access_token,
    status: resource.status,
    body: await resource.json(),
  }
  process.stdout.write(`${JSON.stringify(told)}\n`)
  await dispatcher.close()
}
