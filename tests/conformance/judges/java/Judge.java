// Nimbus' OAuth 2.0 SDK, unmodified, before a stand of the gateway: discovery, a token, the
// protected resource; with a code also a new token for the refresh token.
//
//     java -cp 'lib/*' Judge.java GRANT VARIANT CONFIGURATION AUTHORITY [REDIRECT_URI MODE]
//
// GRANT is client_credentials or authorization_code. In the second the client prints
// {"open": address} and reads from its input where the browser was led back to; MODE is unsigned,
// signed (JAR) or jarm (JAR and JARM).

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.AuthorizationRequest;
import com.nimbusds.oauth2.sdk.AuthorizationResponse;
import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
import com.nimbusds.oauth2.sdk.PushedAuthorizationRequest;
import com.nimbusds.oauth2.sdk.PushedAuthorizationResponse;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseMode;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.as.AuthorizationServerMetadata;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.PKITLSClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.PrivateKeyJWT;
import com.nimbusds.oauth2.sdk.dpop.DPoPProofFactory;
import com.nimbusds.oauth2.sdk.dpop.DefaultDPoPProofFactory;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.jarm.JARMValidator;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.Tokens;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

public class Judge {
    static SSLSocketFactory sockets;
    static String proof;
    static String constraint;
    static ClientID clientId;
    static JWK key;

    @SuppressWarnings("unchecked")
    public static void main(String[] words) throws Exception {
        String[] variant = words[1].split("\\+");
        proof = variant[0];
        constraint = variant[1];
        var configuration = JSONObjectUtils.parse(Files.readString(Path.of(words[2])));
        var client = JSONObjectUtils.getJSONObject(configuration, "client");
        clientId = new ClientID(JSONObjectUtils.getString(client, "client_id"));
        var keys = JSONObjectUtils.getJSONArray(JSONObjectUtils.getJSONObject(client, "jwks"), "keys");
        key = JWK.parse((Map<String, Object>) keys.get(0));
        boolean usesCertificate = proof.equals("mtls") || constraint.equals("mtls");
        var mtls = usesCertificate ? JSONObjectUtils.getJSONObject(configuration, "mtls") : null;
        sockets = trusting(Path.of(words[3]), mtls);

        var discovery = URI.create(
            JSONObjectUtils.getString(JSONObjectUtils.getJSONObject(configuration, "server"), "discoveryUrl"));
        var issuer = new Issuer(discovery.getScheme() + "://" + discovery.getAuthority());
        var server = AuthorizationServerMetadata.resolve(issuer, request -> request.setSSLSocketFactory(sockets));
        var token = usesCertificate
            ? server.getMtlsEndpointAliases().getTokenEndpointURI()
            : server.getTokenEndpointURI();

        var proofs = constraint.equals("dpop")
            ? new DefaultDPoPProofFactory(new ECKeyGenerator(Curve.P_256).generate(), JWSAlgorithm.ES256)
            : null;
        var scope = Scope.parse(JSONObjectUtils.getString(client, "scope"));
        var grant = words[0].equals("authorization_code")
            ? ask(server, usesCertificate, URI.create(words[4]), words[5], scope, issuer, proofs)
            : new ClientCredentialsGrant();
        var tokens = fetch(token, grant, words[0].equals("authorization_code") ? null : scope, issuer, proofs);
        var resource = URI.create(
            JSONObjectUtils.getString(JSONObjectUtils.getJSONObject(configuration, "resource"), "resourceUrl"));
        var read = read(resource, tokens.getAccessToken(), proofs);
        var renewed = tokens.getRefreshToken() == null
            ? null
            : fetch(token, new RefreshTokenGrant(tokens.getRefreshToken()), null, issuer, proofs);
        tell(tokens, read, renewed);
    }

    // Pushes a request, sends the person's browser away, and returns the code that it brings back.
    static AuthorizationGrant ask(
        AuthorizationServerMetadata server, boolean usesCertificate, URI redirectUri, String mode,
        Scope scope, Issuer issuer, DPoPProofFactory proofs
    ) throws Exception {
        var verifier = new CodeVerifier();
        var state = new State();
        var plain = new AuthorizationRequest.Builder(ResponseType.CODE, clientId)
            .redirectionURI(redirectUri)
            .scope(scope)
            .state(state)
            .codeChallenge(verifier, CodeChallengeMethod.S256)
            .responseMode(mode.equals("jarm") ? ResponseMode.JWT : null)
            .build();
        var asked = mode.equals("unsigned")
            ? plain
            : new AuthorizationRequest.Builder(sign(plain, issuer), clientId).build();
        var endpoint = usesCertificate
            ? server.getMtlsEndpointAliases().getPushedAuthorizationRequestEndpointURI()
            : server.getPushedAuthorizationRequestEndpointURI();
        var request = new PushedAuthorizationRequest(endpoint, authenticate(issuer), asked).toHTTPRequest();
        request.setSSLSocketFactory(sockets);
        if (proofs != null) request.setDPoP(proofs.createDPoPJWT("POST", endpoint));
        var pushed = PushedAuthorizationResponse.parse(request.send());
        if (!pushed.indicatesSuccess()) throw new IllegalStateException(pushed.toErrorResponse().getErrorObject().toString());

        var address = new AuthorizationRequest.Builder(pushed.toSuccessResponse().getRequestURI(), clientId)
            .endpointURI(server.getAuthorizationEndpointURI())
            .build()
            .toURI();
        System.out.println(com.nimbusds.jose.util.JSONObjectUtils.toJSONString(Map.of("open", address.toString())));
        var returned = URI.create(new BufferedReader(new InputStreamReader(System.in)).readLine());
        var answer = mode.equals("jarm")
            ? AuthorizationResponse.parse(returned, validator(server, issuer))
            : AuthorizationResponse.parse(returned);
        if (!state.equals(answer.getState())) throw new IllegalStateException("another state");
        if (!issuer.equals(answer.getIssuer())) throw new IllegalStateException("another issuer");
        var code = answer.toSuccessResponse().getAuthorizationCode();
        return new AuthorizationCodeGrant(code, redirectUri, verifier);
    }

    static SignedJWT sign(AuthorizationRequest plain, Issuer issuer) throws Exception {
        var now = Instant.now();
        var claims = new JWTClaimsSet.Builder(plain.toJWTClaimsSet())
            .issuer(clientId.getValue())
            .audience(issuer.getValue())
            .notBeforeTime(Date.from(now))
            .issueTime(Date.from(now))
            .expirationTime(Date.from(now.plusSeconds(60)))
            .build();
        var header = new JWSHeader.Builder(JWSAlgorithm.parse(key.getAlgorithm().getName()))
            .type(new JOSEObjectType("oauth-authz-req+jwt"))
            .keyID(key.getKeyID())
            .build();
        var signed = new SignedJWT(header, claims);
        signed.sign(isRsa() ? new RSASSASigner(key.toRSAKey()) : new ECDSASigner(key.toECKey()));
        return signed;
    }

    static JARMValidator validator(AuthorizationServerMetadata server, Issuer issuer) throws Exception {
        var request = new HTTPRequest(HTTPRequest.Method.GET, server.getJWKSetURI());
        request.setSSLSocketFactory(sockets);
        var keys = JWKSet.parse(request.send().getBody());
        return new JARMValidator(issuer, clientId, JWSAlgorithm.PS256, keys);
    }

    static boolean isRsa() {
        return key instanceof RSAKey;
    }

    static ClientAuthentication authenticate(Issuer issuer) throws Exception {
        if (proof.equals("mtls")) return new PKITLSClientAuthentication(clientId, sockets);
        var signer = isRsa()
            ? key.toRSAKey().toPrivateKey()
            : key.toECKey().toPrivateKey();
        var algorithm = JWSAlgorithm.parse(key.getAlgorithm().getName());
        return new PrivateKeyJWT(clientId, URI.create(issuer.getValue()), algorithm, signer, key.getKeyID(), null);
    }

    static Tokens fetch(
        URI endpoint, AuthorizationGrant grant, Scope scope, Issuer issuer, DPoPProofFactory proofs
    ) throws Exception {
        HTTPRequest request =
            new TokenRequest.Builder(endpoint, authenticate(issuer), grant).scope(scope).build().toHTTPRequest();
        request.setSSLSocketFactory(sockets);
        if (proofs != null) request.setDPoP(proofs.createDPoPJWT("POST", endpoint));
        var answer = TokenResponse.parse(request.send());
        if (!answer.indicatesSuccess()) throw new IllegalStateException(answer.toErrorResponse().toJSONObject().toString());
        return answer.toSuccessResponse().getTokens();
    }

    static HTTPResponse read(URI resource, AccessToken token, DPoPProofFactory proofs) throws Exception {
        var request = new HTTPRequest(HTTPRequest.Method.GET, resource);
        request.setSSLSocketFactory(sockets);
        request.setAuthorization(token.toAuthorizationHeader());
        if (proofs != null) request.setDPoP(proofs.createDPoPJWT("GET", resource, token));
        return request.send();
    }

    static void tell(Tokens tokens, HTTPResponse resource, Tokens renewed) throws Exception {
        var told = com.nimbusds.jose.util.JSONObjectUtils.toJSONString(Map.of(
            "token_type", tokens.getAccessToken().getType().getValue(),
            "scope", tokens.getAccessToken().getScope().toString(),
            "expires_in", tokens.getAccessToken().getLifetime(),
            "refresh_token", tokens.getRefreshToken() != null,
            "renewed", renewed != null && !renewed.getAccessToken().equals(tokens.getAccessToken()),
            "status", resource.getStatusCode(),
            "body", resource.getBodyAsJSONObject()));
        System.out.println(told);
    }

    static SSLSocketFactory trusting(Path authority, Map<String, Object> mtls) throws Exception {
        var trusted = empty();
        trusted.setCertificateEntry("authority", certificate(Files.readString(authority)));
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyManager[] own = null;
        if (mtls != null) {
            var store = empty();
            Certificate[] chain = {certificate((String) mtls.get("cert"))};
            store.setKeyEntry("client", privateKey((String) mtls.get("key")), new char[0], chain);
            var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(store, new char[0]);
            own = managers.getKeyManagers();
        }
        var context = SSLContext.getInstance("TLSv1.3");
        context.init(own, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    static KeyStore empty() throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    static Certificate certificate(String pem) throws Exception {
        var bytes = pem.getBytes(StandardCharsets.US_ASCII);
        return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes));
    }

    static PrivateKey privateKey(String pem) throws Exception {
        var der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
    }
}
