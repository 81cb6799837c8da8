-- ROR_OFFER_FRESH: those of ROR_OFFER_DUE that are complete and at most 365 days old.
-- Source: indicator catalogue, HOPEN-P4.3.
SELECT o.finess_ej, p.period, count(DISTINCT o.offer_id) AS count
FROM ror_offer AS o CROSS JOIN period AS p
WHERE o.complete AND o.updated_at >= p.ends_at - INTERVAL 365 DAY
GROUP BY o.finess_ej, p.period
