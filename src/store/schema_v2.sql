-- Schema 2. What a source's ETag and Last-Modified are of: they mean nothing for another location or format.

ALTER TABLE sources ADD COLUMN validators_of TEXT;
