module "warehouse" {
  source = "./modules/warehouse"

  datasets            = local.datasets
  deletion_protection = var.deletion_protection
  existing            = var.existing.datasets
  focus_dataset       = local.focus_dataset
  google_export       = local.google_export
  kms_key             = module.project.kms_key
  labels              = var.labels
  location            = local.location
  project_id          = local.project_id
  strip_basic_roles   = var.strip_basic_roles
  tables = {
    for key, source in local.sources : key => merge(source, { schema = file("${local.schemas}/${source.schema}.json") })
  }
  tracking_schema = file("${local.schemas}/load_tracking.json")
}
