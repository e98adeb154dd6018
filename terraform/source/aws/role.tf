# The role that Storage Transfer assumes. AWS does not look the subject up, so the role needs nothing of Google Cloud.
resource "aws_iam_role" "transfer" {
  assume_role_policy   = jsonencode(local.trust_policy)
  description          = "Google's Storage Transfer reads billing exports"
  name                 = var.role_name
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "transfer" {
  name   = "exports"
  policy = jsonencode(local.permission_policy)
  role   = aws_iam_role.transfer.name
}
