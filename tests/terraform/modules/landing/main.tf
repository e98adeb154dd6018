provider "google" {
  project = "local-project"
}

module "landing" {
  source = "../../../../terraform/modules/landing"

  bookkeeping_bucket = "module-bookkeeping"
  force_destroy      = true
  labels             = { team = "finops" }
  landing_buckets    = { aws = "module-landing-aws", azure = "module-landing-azure" }
  location           = "europe-west1"
  project_id         = "local-project"
  retention          = { soft_delete_days = 7 }
  transfer_agent     = "serviceAccount:project-1@storage-transfer-service.iam.gserviceaccount.com"
}

output "buckets" {
  value = module.landing.buckets
}
