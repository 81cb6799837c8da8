"""Mock of the shared medical record (DMP): XDS.b over SOAP 1.2 and MTOM, with a signed VIHF."""
