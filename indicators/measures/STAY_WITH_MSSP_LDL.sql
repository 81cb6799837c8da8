-- STAY_WITH_MSSP_LDL: eligible stays whose liaison letter was delivered to a professional's mailbox.
-- Source: indicator catalogue (PID-18 link, one letter a stay, lateness of 30 days).
SELECT s.finess_ej, s.period, count(DISTINCT s.stay_id) AS count
FROM eligible_stay AS s
JOIN mailed_document AS m USING (file_id)
WHERE m.type = 'LDL' AND m.kind = 'pro' AND m.status = 'delivered'
  AND m.mailed_at < s.left_at + INTERVAL 30 DAY
GROUP BY s.finess_ej, s.period
