-- ROR_OFFER_DUE: offers the establishment has to describe in the ROR, as read over the wire.
-- Source: indicator catalogue (ror.snapshot) and §5, HOPEN-P4.3.
SELECT o.finess_ej, p.period, count(DISTINCT o.offer_id) AS count
FROM ror_offer AS o CROSS JOIN period AS p
GROUP BY o.finess_ej, p.period
