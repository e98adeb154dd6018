data "google_storage_project_service_account" "storage" {
  project = "acme-billing"
}

resource "google_project_service_identity" "agents" {
  for_each = toset([
    for name in ["artifactregistry", "cloudbuild", "cloudfunctions", "cloudscheduler", "eventarc", "pubsub", "run"] :
    "${name}.googleapis.com"
  ])
  provider = google-beta

  project = "acme-billing"
  service = each.key
}

# The buckets and datasets exist already, for example from the modules landing and warehouse.
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
  service_agents = {
    artifactregistry = google_project_service_identity.agents["artifactregistry.googleapis.com"].member
    cloudbuild       = google_project_service_identity.agents["cloudbuild.googleapis.com"].member
    cloudfunctions   = google_project_service_identity.agents["cloudfunctions.googleapis.com"].member
    cloudscheduler   = google_project_service_identity.agents["cloudscheduler.googleapis.com"].member
    eventarc         = google_project_service_identity.agents["eventarc.googleapis.com"].member
    pubsub           = google_project_service_identity.agents["pubsub.googleapis.com"].member
    run              = google_project_service_identity.agents["run.googleapis.com"].member
    storage          = data.google_storage_project_service_account.storage.member
  }
}

output "functions" {
  description = "Names of the functions, by entry point."
  value       = module.loader.functions
}
