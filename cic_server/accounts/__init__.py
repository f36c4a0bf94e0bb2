"""Accounts, authorization codes and tokens: the service's side of the documents' Client_Auth_API."""
