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
      schema           = "aws_cur_v1"
      table            = "aws_cur"
    }
    azure_focus = {
      cluster          = "ChargePeriodStart"
      dataset          = "billing"
      execution_column = "run_id"
      partition        = "BillingPeriodStart"
      schema           = "azure_focus_1.2"
      table            = "azure_focus"
    }
  }
}

output "tables" {
  description = "Per source, the full names of its table and its tracking table."
  value       = module.warehouse.tables
}
