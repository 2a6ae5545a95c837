// The Go project's OAuth 2.0 client, unmodified, before a stand of the gateway: a token and the
// protected resource; with a code also a new token for the refresh token.
//
//	judge GRANT VARIANT CONFIGURATION AUTHORITY [REDIRECT_URI unsigned]
//
// GRANT is client_credentials or authorization_code. In the second the client prints
// {"open": address} and reads from its input where the browser was led back to. The library knows
// neither discovery nor pushed requests, private_key_jwt or DPoP: metadata are read and requests
// pushed here, and assertions and proofs are signed with go-jose. It signs no request (JAR).
package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

type configuration struct {
	Server struct {
		DiscoveryURL string `json:"discoveryUrl"`
	} `json:"server"`
	Client struct {
		ClientID string             `json:"client_id"`
		Scope    string             `json:"scope"`
		JWKS     jose.JSONWebKeySet `json:"jwks"`
	} `json:"client"`
	MTLS struct {
		Cert string `json:"cert"`
		Key  string `json:"key"`
	} `json:"mtls"`
	Resource struct {
		ResourceURL string `json:"resourceUrl"`
	} `json:"resource"`
}

type endpoints struct {
	Token string `json:"token_endpoint"`
	Push  string `json:"pushed_authorization_request_endpoint"`
}

type metadata struct {
	endpoints
	Issuer        string    `json:"issuer"`
	Authorization string    `json:"authorization_endpoint"`
	Aliases       endpoints `json:"mtls_endpoint_aliases"`
}

// prover adds a DPoP proof (RFC 9449) to each request.
type prover struct {
	under http.RoundTripper
	key   *ecdsa.PrivateKey
}

func main() {
	variant := strings.SplitN(os.Args[2], "+", 2)
	proof, constraint := variant[0], variant[1]
	var configured configuration
	read(must(os.ReadFile(os.Args[3])), &configured)

	transport := trusting(os.Args[4])
	usesCertificate := proof == "mtls" || constraint == "mtls"
	if usesCertificate {
		// A client that needs no certificate shows none.
		pair := must(tls.X509KeyPair([]byte(configured.MTLS.Cert), []byte(configured.MTLS.Key)))
		transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	var way http.RoundTripper = transport
	if constraint == "dpop" {
		way = &prover{under: transport, key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: way})

	var server metadata
	read(get(&http.Client{Transport: transport}, configured.Server.DiscoveryURL), &server)
	reached := server.endpoints
	if usesCertificate {
		reached = server.Aliases
	}
	// Each message with an assertion of its own: the gateway takes none twice.
	assertion := func() url.Values {
		if proof != "private_key_jwt" {
			return url.Values{}
		}
		return url.Values{
			"client_assertion_type": {assertionType},
			"client_assertion":      {assert(configured, server.Issuer)},
		}
	}
	var token, renewed *oauth2.Token
	if os.Args[1] == "authorization_code" {
		token, renewed = exchangeCode(ctx, configured, server, reached, assertion)
	} else {
		asked := clientcredentials.Config{
			ClientID:       configured.Client.ClientID,
			TokenURL:       reached.Token,
			Scopes:         strings.Fields(configured.Client.Scope),
			AuthStyle:      oauth2.AuthStyleInParams,
			EndpointParams: assertion(),
		}
		token = must(asked.Token(ctx))
	}

	client := oauth2.NewClient(ctx, oauth2.StaticTokenSource(token))
	answer := must(client.Get(configured.Resource.ResourceURL))
	defer answer.Body.Close()
	var body any
	read(must(io.ReadAll(answer.Body)), &body)
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"token_type":    strings.ToLower(token.TokenType),
		"scope":         token.Extra("scope"),
		"expires_in":    token.Extra("expires_in"),
		"refresh_token": token.RefreshToken != "",
		"renewed":       renewed != nil && renewed.AccessToken != token.AccessToken,
		"status":        answer.StatusCode,
		"body":          body,
	})
}

// exchangeCode pushes a request, sends the person's browser away, and exchanges the code that it
// brings back; then it asks for a new token.
func exchangeCode(
	ctx context.Context, configured configuration, server metadata, reached endpoints,
	assertion func() url.Values,
) (*oauth2.Token, *oauth2.Token) {
	asked := oauth2.Config{
		ClientID:    configured.Client.ClientID,
		RedirectURL: os.Args[5],
		Scopes:      strings.Fields(configured.Client.Scope),
		Endpoint: oauth2.Endpoint{
			AuthURL: server.Authorization, TokenURL: reached.Token, AuthStyle: oauth2.AuthStyleInParams,
		},
	}
	state, verifier := unique(), oauth2.GenerateVerifier()
	whole := must(url.Parse(asked.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))))
	parameters := whole.Query()
	for name, values := range assertion() {
		parameters[name] = values
	}
	way := ctx.Value(oauth2.HTTPClient).(*http.Client)
	answer := must(way.PostForm(reached.Push, parameters))
	defer answer.Body.Close()
	var pushed struct {
		RequestURI string `json:"request_uri"`
	}
	read(must(io.ReadAll(answer.Body)), &pushed)

	short := url.Values{"client_id": {asked.ClientID}, "request_uri": {pushed.RequestURI}}
	address := server.Authorization + "?" + short.Encode()
	json.NewEncoder(os.Stdout).Encode(map[string]string{"open": address})
	line := must(bufio.NewReader(os.Stdin).ReadString('\n'))
	returned := must(url.Parse(strings.TrimSpace(line))).Query()
	if returned.Get("state") != state || returned.Get("iss") != server.Issuer {
		log.Fatal("another state or issuer: ", returned)
	}
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(verifier)}
	for name, values := range assertion() {
		options = append(options, oauth2.SetAuthURLParam(name, values[0]))
	}
	token := must(asked.Exchange(ctx, returned.Get("code"), options...))
	return token, renew(ctx, asked, token, assertion)
}

// renew asks for a token with the refresh token: as a grant of its own name, for the library's
// token source sends no assertion with it.
func renew(
	ctx context.Context, asked oauth2.Config, token *oauth2.Token, assertion func() url.Values,
) *oauth2.Token {
	parameters := assertion()
	parameters.Set("grant_type", "refresh_token")
	parameters.Set("refresh_token", token.RefreshToken)
	again := clientcredentials.Config{
		ClientID:       asked.ClientID,
		TokenURL:       asked.Endpoint.TokenURL,
		AuthStyle:      oauth2.AuthStyleInParams,
		EndpointParams: parameters,
	}
	return must(again.Token(ctx))
}

// RoundTrip sends a request with its proof; beside an access token it names the token's digest.
func (p *prover) RoundTrip(request *http.Request) (*http.Response, error) {
	claims := map[string]any{
		"htm": request.Method,
		"htu": request.URL.Scheme + "://" + request.URL.Host + request.URL.Path,
		"iat": time.Now().Unix(),
		"jti": unique(),
	}
	if _, token, found := strings.Cut(request.Header.Get("Authorization"), " "); found {
		digest := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(digest[:])
	}
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.key}, options))
	proven := request.Clone(request.Context())
	proven.Header.Set("DPoP", must(jwt.Signed(signer).Claims(claims).Serialize()))
	return p.under.RoundTrip(proven)
}

func assert(configured configuration, issuer string) string {
	key := configured.Client.JWKS.Keys[0]
	signing := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}
	signer := must(jose.NewSigner(signing, nil))
	now := time.Now()
	claims := map[string]any{
		"iss": configured.Client.ClientID,
		"sub": configured.Client.ClientID,
		"aud": issuer,
		"iat": now.Unix(),
		"exp": now.Add(time.Minute).Unix(),
		"jti": unique(),
	}
	return must(jwt.Signed(signer).Claims(claims).Serialize())
}

func trusting(authority string) *http.Transport {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(must(os.ReadFile(authority))) {
		log.Fatal("no certificate in ", authority)
	}
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}
}

func get(client *http.Client, address string) []byte {
	answer := must(client.Get(address))
	defer answer.Body.Close()
	return must(io.ReadAll(answer.Body))
}

func unique() string {
	raw := make([]byte, 16)
	must(rand.Read(raw))
	return hex.EncodeToString(raw)
}

func read(raw []byte, into any) {
	if err := json.Unmarshal(raw, into); err != nil {
		log.Fatal(err)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
