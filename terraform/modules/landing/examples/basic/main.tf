data "google_storage_transfer_project_service_account" "transfer" {
  project = "acme-billing"
}

module "landing" {
  source = "../.."

  bookkeeping_bucket = "acme-billing-bookkeeping"
  landing_buckets = {
    aws   = "acme-billing-landing-aws"
    azure = "acme-billing-landing-azure"
  }
  location       = "europe-west1"
  project_id     = "acme-billing"
  transfer_agent = data.google_storage_transfer_project_service_account.transfer.member
}

output "buckets" {
  description = "Names of the landing buckets, by provider."
  value       = module.landing.buckets
}
