provider "google" {
  project = "local-project"
}

module "warehouse" {
  source = "../../../../terraform/modules/warehouse"

  datasets            = ["module_billing"]
  deletion_protection = false
  focus_dataset       = "module_billing_focus"
  location            = "europe-west1"
  project_id          = "local-project"
  tables = {
    aws_cur = {
      cluster          = "line_item_usage_start_date"
      dataset          = "module_billing"
      execution_column = "assembly_id"
      partition        = "bill_billing_period_start_date"
      schema           = "aws_cur_v1"
      table            = "aws_cur"
    }
    azure_focus = {
      cluster          = "ChargePeriodStart"
      dataset          = "module_billing"
      execution_column = "run_id"
      partition        = "BillingPeriodStart"
      schema           = "azure_focus_1.2"
      table            = "azure_focus"
    }
  }
}

output "tables" {
  value = module.warehouse.tables
}
