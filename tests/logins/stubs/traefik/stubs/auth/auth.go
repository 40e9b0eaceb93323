// Package auth refuses everybody: the middlewares basicAuth and digestAuth are not tested here.
package auth

import "net/http"

type SecretProvider func(user, realm string) string

type BasicAuth struct {
	Realm   string
	Secrets SecretProvider
}

type DigestAuth struct{}

func CheckSecret(password, secret string) bool { return false }

func (*BasicAuth) RequireAuth(answer http.ResponseWriter, _ *http.Request) { refuse(answer) }

func NewDigestAuthenticator(realm string, secrets SecretProvider) *DigestAuth { return &DigestAuth{} }

func DigestAuthParams(string) map[string]string { return nil }

func (*DigestAuth) CheckAuth(*http.Request) (string, *string) { return "", nil }

func (*DigestAuth) RequireAuth(answer http.ResponseWriter, _ *http.Request) { refuse(answer) }

func (*DigestAuth) RequireAuthStale(answer http.ResponseWriter, _ *http.Request) { refuse(answer) }

func refuse(answer http.ResponseWriter) { http.Error(answer, "not built in", http.StatusUnauthorized) }
