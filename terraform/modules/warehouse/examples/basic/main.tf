# The columns that the loads need, in short. This repository has the whole schemas in functions/billing/schemas.
locals {
  aws_columns = [
    { name = "bill_billing_period_start_date", type = "TIMESTAMP" },
    { name = "line_item_usage_start_date", type = "TIMESTAMP" },
    { name = "line_item_unblended_cost", type = "BIGNUMERIC" },
  ]
  azure_columns = [
    { name = "BillingPeriodStart", type = "TIMESTAMP" },
    { name = "ChargePeriodStart", type = "TIMESTAMP" },
    { name = "BilledCost", type = "BIGNUMERIC" },
  ]
  tracking_columns = [
    { name = "billing_month", type = "STRING" },
    { name = "loaded_at", type = "TIMESTAMP" },
    { name = "status", type = "STRING" },
  ]
}

module "warehouse" {
  source = "../.."

  datasets      = ["billing"]
  focus_dataset = "billing_focus"
  location      = "europe-west1"
  project_id    = "acme-billing"
  tables = {
    aws_cur = {
      cluster          = "line_item_usage_start_date"
      dataset          = "billing"
      execution_column = "assembly_id"
      partition        = "bill_billing_period_start_date"
      schema           = jsonencode(local.aws_columns)
      table            = "aws_cur"
    }
    azure_focus = {
      cluster          = "ChargePeriodStart"
      dataset          = "billing"
      execution_column = "run_id"
      partition        = "BillingPeriodStart"
      schema           = jsonencode(local.azure_columns)
      table            = "azure_focus"
    }
  }
  tracking_schema = jsonencode(local.tracking_columns)
}

output "tables" {
  description = "Per source, the full names of its table and its tracking table."
  value       = module.warehouse.tables
}
