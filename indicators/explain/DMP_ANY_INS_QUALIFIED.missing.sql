-- Deposits of DMP_ANY without a qualified INS.
SELECT d.finess_ej, d.period, d.unique_id AS subject, 'ins_not_qualified' AS why,
  coalesce(d.type, '') AS detail, [d.exchange_id] AS exchanges
FROM active_deposit AS d
JOIN period AS p USING (period)
WHERE d.deposited_at >= p.starts_at AND d.deposited_at < p.ends_at AND NOT d.ins_qualified
