// Package ext has no extensions: the module is inside another one, and so not in what is published of it.
package ext

type HTTP struct{}

type Router struct{}
