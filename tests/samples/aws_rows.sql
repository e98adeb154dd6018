-- Line items $first to $last (excluded): what each is, before it is spread over the report's columns.
WITH numbered AS (
  -- A covered line item and the negation behind it share k, so that they cancel out.
  SELECT i, i % 100 AS slot, IF(i % 10 = 5, i - 1, i) AS k FROM range($first, $last) r(i)
), drawn AS (
  SELECT i, k, draw_amount(k) AS a,
    CASE WHEN slot IN (3, 47) THEN 'Tax' WHEN slot IN (11, 41) THEN 'Credit' WHEN slot = 17 THEN 'Fee' WHEN slot = 23 THEN 'RIFee'
         WHEN slot = 29 THEN 'SavingsPlanRecurringFee' WHEN slot = 31 THEN 'SavingsPlanUpfrontFee' WHEN slot = 37 THEN 'Refund'
         WHEN slot % 10 = 4 THEN 'SavingsPlanCoveredUsage' WHEN slot % 10 = 5 THEN 'SavingsPlanNegation'
         WHEN slot % 20 = 8 THEN 'DiscountedUsage' ELSE 'Usage' END AS line_type,
    draw(k, 1, (SELECT count(*) FROM sku)) AS sku_no, draw(k, 2, (SELECT count(*) FROM region)) AS region_no,
    draw(k, 3, $accounts) AS account_no, draw(k, 4, $hours) AS hour_no, draw(k, 5, (SELECT count(*) FROM tag)) AS tag_no,
    draw(k, 6, 500) AS resource_no
  FROM numbered
), priced AS (
  SELECT *, line_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation') AS used,
    line_type LIKE 'SavingsPlan%' AS sp, line_type IN ('DiscountedUsage', 'RIFee') AS ri,
    IF(line_type IN ('SavingsPlanNegation', 'Credit', 'Refund'), '-', '') AS sign,
    ((1 + a % 999999999) * scale)::DECIMAL(18, 0) * 0.00000001 AS amount,
    rate::VARCHAR AS rate_text, concat('1000000000', lpad(account_no::VARCHAR, 2, '0')) AS account
  FROM drawn JOIN sku USING (sku_no) JOIN region USING (region_no) JOIN hour USING (hour_no) JOIN tag USING (tag_no)
), line AS (
  -- AWS writes amounts as Java's BigDecimal prints them: exponents below 1E-6, zeros that keep their scale.
  -- What a reservation covers costs nothing: its fee is billed.
  SELECT *, (amount * rate)::DECIMAL(38, 18) AS value, prefix || usage_type AS usage,
    CASE IF(line_type = 'DiscountedUsage', 0, a % 16) WHEN 0 THEN '0E-10' WHEN 1 THEN '0' ELSE concat(sign, CASE a % 16
      WHEN 2 THEN (amount * rate)::VARCHAR WHEN 3 THEN (amount * rate)::VARCHAR
      WHEN 4 THEN concat(1 + a % 9, '.', 10 + a // 16 % 90, 'E-', 7 + a // 1440 % 10)
      WHEN 5 THEN concat(1 + a % 9, '.', 10 + a // 16 % 90, 'E-', 7 + a // 1440 % 10)
      WHEN 6 THEN concat(1 + a % 9, 'E-', 7 + a // 1440 % 12)
      ELSE (amount * rate)::DECIMAL(28, 10)::VARCHAR END) END AS cost
  FROM priced
)
