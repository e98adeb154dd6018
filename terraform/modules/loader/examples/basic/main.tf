# The buckets and datasets exist already, for example from the modules landing and warehouse. The APIs are enabled, and
# Google's service agents have their roles, for example from the module project.
module "loader" {
  source = "../.."

  accounts_project   = "acme-billing"
  bookkeeping_bucket = "acme-billing-bookkeeping"
  build_folder       = ".terraform/build"
  datasets           = ["billing"]
  environment = {
    BOOKKEEPING_BUCKET                = "acme-billing-bookkeeping"
    DESTINATION__BIGQUERY__LOCATION   = "europe-west1"
    DESTINATION__BIGQUERY__PROJECT_ID = "acme-billing"
    FOCUS_DATASET                     = "billing_focus"
    SOURCES__AWS_CUR__BUCKET          = "acme-billing-landing-aws"
    SOURCES__AWS_CUR__DATASET         = "billing"
    SOURCES__AWS_CUR__EXPORT_NAME     = "acme-cur"
    SOURCES__AWS_CUR__FORMAT          = "aws_cur_v1_csv"
    SOURCES__AWS_CUR__PREFIX          = "aws/cur/"
    SOURCES__AWS_CUR__SOURCE_PATH     = "exports/aws/"
    SOURCES__AWS_CUR__TABLE_NAME      = "aws_cur"
  }
  focus_dataset   = "billing_focus"
  landing_buckets = { aws = "acme-billing-landing-aws" }
  location        = "europe-west1"
  prefix          = "billing"
  project_id      = "acme-billing"
  region          = "europe-west1"
  source_folder   = "../functions" # from the folder in which Terraform runs
}

output "functions" {
  description = "Names of the functions, by entry point."
  value       = module.loader.functions
}
