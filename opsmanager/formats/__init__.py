"""How Django writes dates where a page leaves it to Django: as the pages do, and on one clock."""
