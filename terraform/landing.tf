module "landing" {
  source = "./modules/landing"

  bookkeeping_bucket = local.bookkeeping_bucket
  existing           = concat(keys(var.existing.landing_buckets), var.existing.bookkeeping_bucket == null ? [] : ["bookkeeping"])
  force_destroy      = !var.deletion_protection
  kms_key            = module.project.kms_key
  labels             = var.labels
  landing_buckets    = local.landing_buckets
  location           = local.location
  project_id         = local.project_id
  readers            = [module.loader.member]
  soft_delete_days   = var.soft_delete_days
  strip_basic_roles  = var.strip_basic_roles
  transfer_agent     = module.project.transfer_agent.member
  versioning         = var.landing_versioning
}
