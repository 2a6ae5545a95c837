// oauth4webapi, unmodified: each message by itself, each answer checked by the library.
import * as oauth from 'oauth4webapi'
import { finish, stage } from './stage.mjs'

const http = { [oauth.customFetch]: stage.fetch }
const client = { client_id: stage.clientId, use_mtls_endpoint_aliases: stage.usesCertificate }
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

const answer = await oauth.clientCredentialsGrantRequest(
  server,
  client,
  authentication,
  new URLSearchParams({ scope: stage.scope }),
  bound,
)
const tokens = await oauth.processClientCredentialsResponse(server, client, answer)
const resource = await oauth.protectedResourceRequest(
  tokens.access_token,
  'GET',
  stage.resource,
  undefined,
  undefined,
  bound,
)
await finish(tokens, resource)
