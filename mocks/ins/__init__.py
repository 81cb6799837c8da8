"""Mock of the identity teleservice (INSi): SOAP 1.2, search of an INS by identity traits."""
