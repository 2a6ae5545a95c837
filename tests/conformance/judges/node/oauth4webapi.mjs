// oauth4webapi, unmodified: each message by itself, each answer checked by the library.
import * as oauth from 'oauth4webapi'
import { browse, finish, stage } from './stage.mjs'

const http = { [oauth.customFetch]: stage.fetch }
const client = {
  client_id: stage.clientId,
  use_mtls_endpoint_aliases: stage.usesCertificate,
  ...(stage.wantsJwt && { authorization_signed_response_alg: 'PS256' }),
}
const authentication =
  stage.proof === 'mtls' ? oauth.TlsClientAuth() : oauth.PrivateKeyJwt(stage.key)

const server = await oauth.processDiscoveryResponse(
  stage.issuer,
  await oauth.discoveryRequest(stage.issuer, { algorithm: 'oauth2', ...http }),
)
const bound =
  stage.constraint === 'dpop'
    ? { ...http, DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) }
    : http

const tokens = await (stage.grant === 'authorization_code' ? exchangeCode() : fetchToken())
const resource = await oauth.protectedResourceRequest(
  tokens.access_token,
  'GET',
  stage.resource,
  undefined,
  undefined,
  bound,
)
await finish(tokens, resource, tokens.refresh_token && (await renew(tokens.refresh_token)))

async function fetchToken() {
  const parameters = new URLSearchParams({ scope: stage.scope })
  const answer = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    authentication,
    parameters,
    bound,
  )
  return oauth.processClientCredentialsResponse(server, client, answer)
}

async function exchangeCode() {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  let parameters = new URLSearchParams({
    response_type: 'code',
    redirect_uri: stage.redirectUri,
    scope: stage.scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(stage.wantsJwt && { response_mode: 'jwt' }),
  })
  if (stage.signs) {
    const request = await oauth.issueRequestObject(server, client, parameters, stage.key)
    parameters = new URLSearchParams({ client_id: stage.clientId, request })
  }
  const pushed = await oauth.processPushedAuthorizationResponse(
    server,
    client,
    await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, bound),
  )
  const address = new URL(server.authorization_endpoint)
  address.searchParams.set('client_id', stage.clientId)
  address.searchParams.set('request_uri', pushed.request_uri)
  const returned = await browse(address)
  const answered = stage.wantsJwt
    ? await oauth.validateJwtAuthResponse(server, client, returned, state, http)
    : oauth.validateAuthResponse(server, client, returned, state)
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    answered,
    stage.redirectUri,
    verifier,
    bound,
  )
  return oauth.processAuthorizationCodeResponse(server, client, answer)
}

async function renew(refreshToken) {
  const answer = await oauth.refreshTokenGrantRequest(
    server,
    client,
    authentication,
    refreshToken,
    bound,
  )
  return oauth.processRefreshTokenResponse(server, client, answer)
}
