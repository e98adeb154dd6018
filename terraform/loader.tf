module "loader" {
  source = "./modules/loader"

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
