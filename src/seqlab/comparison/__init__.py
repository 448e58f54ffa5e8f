"""The fair comparison: what follows the search, by the rules of docs/protocol.md. Only here the test part is read."""
