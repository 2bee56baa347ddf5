"""Commands of servers, one file each."""
