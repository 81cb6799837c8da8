-- Offers of ROR_OFFER_DUE that are incomplete or older than 365 days.
SELECT o.finess_ej, p.period, o.offer_id AS subject,
  CASE WHEN o.complete THEN 'offer_too_old' ELSE 'offer_incomplete' END AS why,
  coalesce(o.unit, '') || ', ' || strftime(o.updated_at, '%d/%m/%Y') AS detail,
  CAST([] AS VARCHAR[]) AS exchanges
FROM ror_offer AS o CROSS JOIN period AS p
WHERE NOT coalesce(o.complete AND o.updated_at >= p.ends_at - INTERVAL 365 DAY, false)
