"""Simulator, gateway: the intermediation platform of a hospital (PFI), HL7 v2 in and out.

Creators (EHR, laboratory, imaging) send documents by MLLP; the gateway acknowledges them when they
are durable, then delivers them to the DMP and by MSSanté as simulated hospitals do, and tells the
creator what became of them (ZAM). framing, messages: the wire. rules: what is refused. store: the
outbox. desk: one message. server: connections. plan, carrier, rounds, receipts: deliveries.
Source: CI-SIS, HL7v2; Mon espace santé mail; CI-SIS, HL7v2. Not here: who writes documents.
"""
