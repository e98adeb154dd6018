# Transfers depend on the loader. A job runs as soon as it exists, and files that arrive before the trigger raise no event:
# they would wait for the next sweep. The functions also know a new source before its first file arrives.

module "transfer_aws" {
  source   = "./modules/transfer-aws"
  for_each = var.aws_sources

  bucket         = each.value.bucket
  credentials    = { role_arn = each.value.role_arn, secret = each.value.credentials_secret }
  description    = "${var.prefix}: AWS export ${each.value.export_name} to gs://${local.landing_buckets.aws}/aws/${each.key}/"
  event_stream   = each.value.event_stream
  path           = each.value.path
  project_id     = local.project_id
  schedule_hours = each.value.schedule_hours
  sink           = { bucket = module.landing.buckets["aws"], path = local.sources["aws_${each.key}"].sink_path }
  transfer_agent = module.project.transfer_agent

  depends_on = [google_secret_manager_secret_iam_member.transfer, module.loader]
}

module "transfer_azure" {
  source   = "./modules/transfer-azure"
  for_each = var.azure_sources

  container       = each.value.container
  credentials     = { federated_identity = each.value.federated_identity, secret = each.value.credentials_secret }
  description     = "${var.prefix}: Azure export ${each.value.export_name} to gs://${local.landing_buckets.azure}/azure/${each.key}/"
  event_stream    = each.value.event_stream
  path            = each.value.path
  project_id      = local.project_id
  schedule_hours  = each.value.schedule_hours
  sink            = { bucket = module.landing.buckets["azure"], path = local.sources["azure_${each.key}"].sink_path }
  storage_account = each.value.storage_account
  transfer_agent  = module.project.transfer_agent

  depends_on = [google_secret_manager_secret_iam_member.transfer, module.loader]
}
