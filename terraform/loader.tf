module "loader" {
  source = "./modules/loader"

  accounts_project   = google_project_service.services["iam.googleapis.com"].project
  bookkeeping_bucket = module.landing.bookkeeping_bucket
  build_folder       = var.build_folder
  datasets           = module.warehouse.datasets
  environment        = local.environment
  focus_dataset      = module.warehouse.focus_dataset
  google_export      = local.google_export
  labels             = var.labels
  landing_buckets    = module.landing.readable_buckets
  location           = local.location
  prefix             = var.prefix
  project_id         = local.project_id
  region             = var.region
  service_agents     = merge(local.service_agents, { storage = data.google_storage_project_service_account.storage.member })
}
