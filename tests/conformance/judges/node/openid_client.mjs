// openid-client, unmodified: discovery, a token, the protected resource.
import * as client from 'openid-client'
import { finish, stage } from './stage.mjs'

const authentication =
  stage.proof === 'mtls' ? client.TlsClientAuth() : client.PrivateKeyJwt(stage.key)

const configured = await client.discovery(
  stage.issuer,
  stage.clientId,
  { use_mtls_endpoint_aliases: stage.usesCertificate },
  authentication,
  { algorithm: 'oauth2', [client.customFetch]: stage.fetch },
)
configured[client.customFetch] = stage.fetch

const bound =
  stage.constraint === 'dpop'
    ? { DPoP: client.getDPoPHandle(configured, await client.randomDPoPKeyPair('ES256')) }
    : {}

const tokens = await client.clientCredentialsGrant(configured, { scope: stage.scope }, bound)
const resource = await client.fetchProtectedResource(
  configured,
  tokens.access_token,
  stage.resource,
  'GET',
  undefined,
  undefined,
  bound,
)
await finish(tokens, resource)
