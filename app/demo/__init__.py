"""The whole sign-on on one machine: a host application, the service, and a marketplace.

The host application and the marketplace are stand-ins, the service between them is the real one,
started as a child process. Everything listens on loopback only.
"""
