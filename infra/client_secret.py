"""The secret that holds the credential of the stack's own clients in one Region."""

from infra import policies


def read_secret(secret_arn: str, key_arn: str, region: str) -> tuple[policies.Statement, ...]:
    """Read one secret that is encrypted with the stack's key.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    return (
        policies.Statement(actions=["secretsmanager:GetSecretValue"], resources=[secret_arn]),
        policies.use_key(key_arn, "Decrypt", service=f"secretsmanager.{region}.amazonaws.com"),
    )
