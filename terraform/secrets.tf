# Storage Transfer reads an access key or a SAS token when a job runs. Sources may share a secret. It is granted once:
# if each source had a grant of its own, the first source that is removed would take the access from the others.
resource "google_secret_manager_secret_iam_member" "transfer" {
  for_each = toset([for source in concat(values(var.aws_sources), values(var.azure_sources)) : source.credentials_secret if source.credentials_secret != null])

  project   = split("/", each.key)[1]
  secret_id = split("/", each.key)[3]
  role      = "roles/secretmanager.secretAccessor"
  member    = module.project.transfer_agent.member
}
