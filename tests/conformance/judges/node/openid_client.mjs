// openid-client, unmodified: discovery, a token, the protected resource; with a code also a new
// token for the refresh token.
import * as client from 'openid-client'
import { browse, finish, stage } from './stage.mjs'

const authentication =
  stage.proof === 'mtls' ? client.TlsClientAuth() : client.PrivateKeyJwt(stage.key)

const configured = await client.discovery(
  stage.issuer,
  stage.clientId,
  {
    use_mtls_endpoint_aliases: stage.usesCertificate,
    ...(stage.wantsJwt && { authorization_signed_response_alg: 'PS256' }),
  },
  authentication,
  { algorithm: 'oauth2', [client.customFetch]: stage.fetch },
)
configured[client.customFetch] = stage.fetch
if (stage.wantsJwt) client.useJwtResponseMode(configured)

const bound =
  stage.constraint === 'dpop'
    ? { DPoP: client.getDPoPHandle(configured, await client.randomDPoPKeyPair('ES256')) }
    : {}

const tokens = await (stage.grant === 'authorization_code' ? exchangeCode() : fetchToken())
const resource = await client.fetchProtectedResource(
  configured,
  tokens.access_token,
  stage.resource,
  'GET',
  undefined,
  undefined,
  bound,
)
const renewed =
  tokens.refresh_token &&
  (await client.refreshTokenGrant(configured, tokens.refresh_token, undefined, bound))
await finish(tokens, resource, renewed)

function fetchToken() {
  return client.clientCredentialsGrant(configured, { scope: stage.scope }, bound)
}

async function exchangeCode() {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  let parameters = {
    redirect_uri: stage.redirectUri,
    scope: stage.scope,
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  }
  if (stage.signs) {
    const signed = await client.buildAuthorizationUrlWithJAR(configured, parameters, stage.key)
    parameters = signed.searchParams
  }
  const address = await client.buildAuthorizationUrlWithPAR(configured, parameters, bound)
  const returned = await browse(address)
  const checks = { pkceCodeVerifier, expectedState }
  return client.authorizationCodeGrant(configured, returned, checks, undefined, bound)
}
