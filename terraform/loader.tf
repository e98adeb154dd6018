module "loader" {
  source = "./modules/loader"

  accounts_project   = module.project.accounts_project
  agent_grants       = module.project.agent_grants
  bookkeeping_bucket = module.landing.bookkeeping_bucket
  build_folder       = var.build_folder
  datasets           = module.warehouse.datasets
  environment        = local.environment
  focus_dataset      = module.warehouse.focus_dataset
  google_export      = local.google_export
  ingress_settings   = var.ingress_settings
  kms_key            = module.project.functions_kms_key
  labels             = var.labels
  landing_buckets    = module.landing.readable_buckets
  location           = local.location
  network            = var.network
  prefix             = var.prefix
  project_id         = local.project_id
  region             = var.region
  repository         = var.existing.repository
  service_accounts   = var.existing.service_accounts
  source_folder      = "${path.module}/../functions"
  worker_pool        = var.build_worker_pool
}
