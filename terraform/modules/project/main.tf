locals {
  # The domain of each agent (cloud.google.com/iam/docs/service-agents). google_project_service_identity may return no
  # name, or that of an older account, so the project's number makes it.
  _agent_domains = {
    artifactregistry = "gcp-sa-artifactregistry"
    cloudbuild       = "gcp-sa-cloudbuild"
    cloudfunctions   = "gcf-admin-robot"
    cloudscheduler   = "gcp-sa-cloudscheduler"
    eventarc         = "gcp-sa-eventarc"
    pubsub           = "gcp-sa-pubsub"
    run              = "serverless-robot-prod"
  }
  # The agent of Cloud Storage has its grant already if both keys are the same.
  _functions_kms_agents = toset([
    for name in ["artifactregistry", "cloudfunctions", "eventarc", "run", "storage"] : name
    if var.setup && var.functions_kms_key != null && !(name == "storage" && var.functions_kms_key == var.kms_key)
  ])
  _kms_count   = var.setup && var.kms_key != null ? 1 : 0
  _number      = data.google_project.project.number
  _setup_count = var.setup ? 1 : 0

  # The services that Google documents with names of another form have their data sources in agents.tf.
  agents = merge(
    { for name, domain in local._agent_domains : name => "serviceAccount:service-${local._number}@${domain}.iam.gserviceaccount.com" },
    {
      bigquery = "serviceAccount:bq-${local._number}@bigquery-encryption.iam.gserviceaccount.com"
      storage  = "serviceAccount:service-${local._number}@gs-project-accounts.iam.gserviceaccount.com"
      transfer = "serviceAccount:project-${local._number}@storage-transfer-service.iam.gserviceaccount.com"
    },
  )
  project_id = var.setup ? time_sleep.services[0].triggers.project_id : var.project_id
  services = toset([
    for service in concat(
      [
        "artifactregistry", "bigquery", "cloudbuild", "cloudfunctions", "cloudresourcemanager", "cloudscheduler",
        "eventarc", "iam", "iamcredentials", "logging", "monitoring", "pubsub", "run", "secretmanager", "serviceusage",
        "storage", "storagetransfer",
      ],
      var.functions_kms_key == null && var.kms_key == null ? [] : ["cloudkms"],
    ) : "${service}.googleapis.com"
  ])
}
