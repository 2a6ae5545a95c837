// What each client is told: a configuration as the suite reads it, the variant, whom to trust.
//
//     node CLIENT.mjs GRANT VARIANT CONFIGURATION AUTHORITY
//
// GRANT is client_credentials or authorization_code. In the second the client prints
// {"open": address} and reads from its input where the browser was led back to.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { importJWK } from 'jose'
import { Agent, fetch } from 'undici'

const [grant, variant, configurationFile, authorityFile] = process.argv.slice(2)
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
  configuration,
  issuer: new URL(new URL(configuration.server.discoveryUrl).origin),
  resource: new URL(configuration.resource.resourceUrl),
  redirectUri: `${configuration.suite ?? ''}`,
  scope: configuration.client.scope,
  clientId: configuration.client.client_id,
  key: { key: await importJWK(jwk, jwk.alg), kid: jwk.kid },
  fetch: (url, options) => fetch(url, { ...options, dispatcher }),
}

export async function browse(url) {
  process.stdout.write(`${JSON.stringify({ open: String(url) })}\n`)
  const lines = createInterface({ input: process.stdin })
  const address = await lines.question('')
  lines.close()
  return new URL(address)
}

export async function finish(tokens, resource) {
  const told = {
    token_type: tokens.token_type,
    scope: tokens.scope,
    expires_in: tokens.expires_in,
    refresh_token: tokens.refresh_token !== undefined,
    status: resource.status,
    body: await resource.json(),
  }
  process.stdout.write(`${JSON.stringify(told)}\n`)
  await dispatcher.close()
}
