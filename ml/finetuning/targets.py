"""What adapters change, and by how much: known to those who train and to those who serve them."""

# attention alone: vLLM's LoRA on a CPU takes seconds for a prefill of the wide feed-forward layers
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj")
RANK = 8
