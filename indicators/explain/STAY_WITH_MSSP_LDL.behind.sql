-- The mails behind STAY_WITH_MSSP_LDL.
SELECT s.finess_ej, s.period, m.exchange_id, s.stay_id AS subject
FROM eligible_stay AS s
JOIN mailed_document AS m USING (file_id)
WHERE m.type = 'LDL' AND m.kind = 'pro' AND m.status = 'delivered'
  AND m.mailed_at < s.left_at + INTERVAL 30 DAY
