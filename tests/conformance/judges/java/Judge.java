// Nimbus' OAuth 2.0 SDK, unmodified, before a stand of the gateway: discovery, a token, the
// protected resource.
//
//     java -cp 'lib/*' Judge.java GRANT VARIANT CONFIGURATION AUTHORITY [REDIRECT_URI MODE]
//
// GRANT is client_credentials or authorization_code. In the second the client prints
// {"open": address} and reads from its input where the browser was led back to; MODE is unsigned,
// signed (JAR) or jarm (JAR and JARM).

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
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
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.Tokens;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import java.io.ByteArrayInputStream;
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
import java.util.Base64;
import java.util.List;
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
        var tokens = fetch(token, new ClientCredentialsGrant(), scope, issuer, proofs);
        var resource = URI.create(
            JSONObjectUtils.getString(JSONObjectUtils.getJSONObject(configuration, "resource"), "resourceUrl"));
        tell(tokens, read(resource, tokens.getAccessToken(), proofs));
    }

    static ClientAuthentication authenticate(Issuer issuer) throws Exception {
        if (proof.equals("mtls")) return new PKITLSClientAuthentication(clientId, sockets);
        var signer = key.getKeyType().getValue().equals("RSA")
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

    static void tell(Tokens tokens, HTTPResponse resource) throws Exception {
        var told = com.nimbusds.jose.util.JSONObjectUtils.toJSONString(Map.of(
            "token_type", tokens.getAccessToken().getType().getValue(),
            "scope", tokens.getAccessToken().getScope().toString(),
            "expires_in", tokens.getAccessToken().getLifetime(),
            "refresh_token", tokens.getRefreshToken() != null,
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
