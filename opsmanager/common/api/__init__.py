"""The conventions of the JSON API: envelopes, paging, camelCase, errors."""
