-- What a charge may be about; service and category as Microsoft lists them for the resource's type. Prices are per unit; scale is the usual size of the quantity.
CREATE TABLE meter AS SELECT row_number() OVER () - 1 AS meter_no, * FROM (VALUES
  ('Virtual Machines', 'Compute', 'Virtual Machines', 'Dv5/Dsv5 Series', 'D4s v5', 'Compute', '1 Hour', 'Hours', 0.1920000000, 1, 'Microsoft.Compute', 'virtualMachines'),
  ('Virtual Machines', 'Compute', 'Virtual Machines', 'Ev5/Esv5 Series', 'E8s v5', 'Compute', '1 Hour', 'Hours', 0.5040000000, 1, 'Microsoft.Compute', 'virtualMachines'),
  ('Virtual Machines', 'Compute', 'Storage', 'Premium SSD Managed Disks', 'P10 LRS Disk', 'Storage', '1/Month', 'Units/Month', 19.7100000000, 1, 'Microsoft.Compute', 'disks'),
  ('Storage Accounts', 'Storage', 'Storage', 'Tiered Block Blob', 'Hot Read Operations', 'Storage', '10K', 'Operations', 0.0000004400, 900, 'Microsoft.Storage', 'storageAccounts'),
  ('Virtual Network', 'Networking', 'Bandwidth', 'Inter-Region', 'Standard Data Transfer Out', 'Networking', '1 GB', 'GB', 0.0800000000, 5, 'Microsoft.Network', 'publicIPAddresses'),
  ('Azure SQL Database', 'Databases', 'SQL Database', 'Single/Elastic Pool General Purpose', 'vCore', 'Databases', '1 Hour', 'Hours', 0.2522000000, 1, 'Microsoft.Sql', 'servers'),
  ('Azure App Service', 'Web', 'Functions', 'Flex Consumption', 'On Demand Execution Time', 'Compute', '1 GB Second', 'GB Seconds', 0.0000260000, 500, 'Microsoft.Web', 'sites'),
  ('Azure Monitor', 'Management and Governance', 'Log Analytics', 'Analytics Logs', 'Data Ingestion', 'Management and Governance', '1 GB', 'GB', 2.7600000000, 1, 'Microsoft.OperationalInsights', 'workspaces'),
  ('Azure Kubernetes Service', 'Compute', 'Azure Kubernetes Service', 'Uptime SLA', 'Standard Uptime SLA', 'Compute', '1 Hour', 'Hours', 0.1000000000, 1, 'Microsoft.ContainerService', 'managedClusters'),
  ('Azure AI Services', 'AI and Machine Learning', 'Cognitive Services', 'Azure OpenAI', 'gpt 4o Input Tokens', 'AI and Machine Learning', '1K', 'Tokens', 0.0000025000, 800, 'Microsoft.CognitiveServices', 'accounts'),
  ('Key Vault', 'Security', 'Key Vault', 'Standard', 'Operations', 'Security', '10K', 'Operations', 0.0000030000, 200, 'Microsoft.KeyVault', 'vaults')
) t(service, category, meter_category, meter_subcategory, meter, family, unit_text, unit, price, scale, resource_provider, resource_kind);

CREATE TABLE region AS SELECT row_number() OVER () - 1 AS region_no, * FROM (VALUES
  ('westeurope', 'West Europe', 'EU West'), ('northeurope', 'North Europe', 'EU North'), ('eastus', 'East US', 'US East'),
  ('germanywestcentral', 'Germany West Central', 'DE West Central'), ('brazilsouth', 'Brazil South', 'BR South')
) t(region, region_name, sku_region);

-- Tags are JSON in a string: quotes, line breaks and text beyond ASCII inside it; '' where there is none.
CREATE TABLE tag AS SELECT row_number() OVER () - 1 AS tag_no, * FROM (VALUES
  ('{"env":"prod","team":"platform"}'), ('{"env":"prod","Team":"Platform","team":"platform"}'), ('{"owner":"Zoë, \"the boss\"","stadt":"Zürich 東京 🚀"}'),
  ('{"note":"two\nlines"}'), ('{}'), (''), (NULL), ('{"cost center":"4711","empty":""}')
) t(tags);

-- Days charged. A few lie outside the month: corrections of the month before.
CREATE TABLE day AS
SELECT day_no, TIMESTAMP '$start' + INTERVAL 1 DAY * (CASE day_no WHEN 0 THEN -1 ELSE day_no - 1 END) AS charge_start FROM range($days + 1) r(day_no);

CREATE MACRO draw(k, salt, n) AS (hash(k, $key, salt) % n)::BIGINT;
CREATE MACRO draw_amount(k) AS (hash(k, $amount_key) % 999999999999)::BIGINT;
